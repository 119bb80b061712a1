import { bin, runNode, version } from '../support/child.js';
import { mustEqual, rounds } from '../support/measure.js';

export const row = {
  name: 'start-version',
  title: '`walq --version`, a whole process',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'bare node start',
  targets: [{ of: 'share', min: 0.667, why: '1.5 x bare node' }],
  sizes: { full: { starts: 10 }, quick: { starts: 3 } },

  async run({ size, roundCount }) {
    const walq = async () => {
      let ms = 0;
      for (let at = 0; at < size.starts; at++) {
        const run = await runNode([bin, '--version']);
        mustEqual(run.stdout, `${version}\n`, 'version');
        ms += run.ms;
      }
      return ms / size.starts;
    };
    const raw = async () => {
      let ms = 0;
      for (let at = 0; at < size.starts; at++) ms += (await runNode(['-e', '0'])).ms;
      return ms / size.starts;
    };
    return {
      ...(await rounds(roundCount, walq, { raw })),
      exact: 'the version of package.json',
      facts: { starts: size.starts * roundCount },
    };
  },
};
