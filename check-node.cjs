// Scripts run TypeScript as it stands, which needs Node 24. Where the project brings its own (Linux x64 and arm64, Windows
// x64: optionalDependencies in package.json), npm puts it first on the PATH. Elsewhere, or where those were left out, this
// says what is missing instead of ERR_UNKNOWN_FILE_EXTENSION. CommonJS of any age, so that an old Node can run it.
var NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    'devin-key-revoker needs Node ' +
      NEEDED +
      ' or later on ' +
      process.platform +
      '-' +
      process.arch +
      ', but `node` is ' +
      process.versions.node +
      ': install it from https://nodejs.org (or with `nvm install`), then run `npm ci` again\n',
  );
  process.exitCode = 1;
}
