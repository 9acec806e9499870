import { generator } from '../generator.ts';

/** All chance of a world, from its seed. */
export class Chance {
  readonly next: () => number;

  constructor(seed: number) {
    // Neighbouring seeds of the generator begin alike.
    this.next = generator(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b));
    for (let skipped = 0; skipped < 4; skipped++) this.next();
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** One of the names, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights);
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name as K;
    }
    return entries.at(-1)![0] as K;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.next() * 256)));
  }
}
