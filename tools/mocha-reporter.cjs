// mocha's own `spec` on the screen, and the counts in the file MOCHA_COUNTS, for the last line of `npm test`.
const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(/** @type {any} */ runner, /** @type {any} */ options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.MOCHA_COUNTS;
      if (file) writeFileSync(file, JSON.stringify(this.stats));
    });
  }
};
