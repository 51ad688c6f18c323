// What the reader sees: headings, quoted files, rows of the table. At most 100 columns wide.

export const columns = Math.min(process.stdout.columns ?? 100, 100);
export const hasColours = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
const paint = (code) => (text) => (hasColours ? `\x1b[${code}m${text}\x1b[0m` : text);

export const bold = paint('1');
export const dim = paint('2');
export const green = paint('32');
export const red = paint('31');

export const say = (text = '') => console.log(text);
export const heading = (text) => say(`\n${bold(text)}\n`);
export const command = (text) => say(`  ${dim('$')} ${bold(text)}`);
export const quote = (text) => say(text.trimEnd().replace(/^(?=.)/gm, '  '));

/** Enough of a token to recognize it, and too little to use it. */
export const glimpse = (token) => `${token.slice(0, 12)}… (${token.length} characters)`;

/** One row of a table: `passed` is undefined for its head, `answers` is one or a list. */
export function row(passed, name, expected, answers, rule = '') {
  const mark = { true: green('✓'), false: red('✗') }[passed] ?? ' ';
  const paintAnswer = { true: green, false: red }[passed] ?? dim;
  const paintName = passed === undefined ? dim : (text) => text;
  const shown = Array.isArray(answers) ? answers.map((answer) => answer.padEnd(8)).join('') : answers.padEnd(21);
  say(`  ${mark} ${paintName(name.padEnd(45))} ${dim(expected.padEnd(21))} ${paintAnswer(shown)}${rule && dim(rule)}`.trimEnd());
}
