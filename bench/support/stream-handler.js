// The quickest handler of --stream: every job is done as soon as it is read.
let rest = '';
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  let answers = '';
  for (const line of lines) answers += `{"id":${JSON.stringify(JSON.parse(line).id)},"ok":true}\n`;
  process.stdout.write(answers);
});
