// Makes the manual pages wshub(1), of what the program itself says to --help, and wshub.ini(5), of docs/configuration.md, so
// that neither can fall behind.
//   node make.mjs PROGRAM SOURCE TARGET SYSCONFDIR
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const [program, source, target, sysconfdir] = process.argv.slice(2);
const says = (...args) => execFileSync(program, args, { encoding: "utf8" });
const version = says("--version").trim().split(" ")[1];

// Text as roff shows it as it is: groff_char(7), and no line begins with a control character.
function plain(text) {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("^", "\\(ha").replaceAll("~", "\\(ti").replaceAll("`", "\\(ga");
  return escaped.replaceAll("'", "\\(aq").replace(/^\./gm, "\\&.");
}
// A paragraph of Markdown: emphasis, code and the texts of links.
function prose(text) {
  const linked = text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  return linked
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .map((part) => (/^(\*\*|`)/.test(part) ? `\\fB${plain(part.replace(/^(\*\*|`)|(\*\*|`)$/g, ""))}\\fR` : plain(part)))
    .join("");
}
const literal = (text) => `.PP\n.nf\n${plain(text.replace(/\s+$/, ""))}\n.fi\n`;
const head = (name, section, sentence) =>
  `.TH ${name.toUpperCase()} ${section} "" "wshub ${version}" "wshub"\n.SH NAME\n${name} \\- ${plain(sentence)}\n`;

// The help's own headings; what stands before the first is the synopsis.
function chapters(help) {
  const list = [{ title: "", lines: [] }];
  for (const line of help.split("\n")) {
    const heading = /^([A-Z][a-z]+(?: [a-z]+)*)(?:$|  +(.*)$)/.exec(line);
    if (heading) list.push({ title: heading[1], inline: Boolean(heading[2]), lines: heading[2] ? [heading[2]] : [] });
    else list.at(-1).lines.push(list.at(-1).inline ? line.replace(/^ +/, "") : line);
  }
  return list;
}

function programPage() {
  const help = says("--help");
  const [first, ...rest] = chapters(help);
  let page = head("wshub", 1, "a real-time hub for Socket.IO clients");
  page += `.SH SYNOPSIS\n${literal(first.lines.filter((line) => line.startsWith("  ")).join("\n"))}`;
  page += `.SH DESCRIPTION
.B wshub
serves Socket.IO clients (Engine.IO 4, Socket.IO 5) over HTTP long polling and WebSocket. What clients can do comes from plugins. It runs in
the foreground until a signal ends it. Its configuration is described in
.BR wshub.ini (5).
`;
  let commands = [];
  for (const { title, lines } of rest) {
    page += `.SH ${title.toUpperCase()}\n${literal(lines.join("\n"))}`;
    if (title === "Commands") commands = lines.map((line) => /^ {2}([a-z][a-z-]*)\b/.exec(line)?.[1]).filter(Boolean);
  }
  for (const command of new Set(commands)) {
    const text = says(command, "--help");
    if (text !== help) page += `.SH ${plain(`wshub ${command}`).toUpperCase()}\n${literal(text)}`;
  }
  page += `.SH FILES
.TP
.I ${plain(sysconfdir)}/wshub/wshub.ini
The configuration that is read without \\fB\\-\\-config\\fR.
.TP
.I /var/lib/wshub
What the hub keeps, as a service.
.SH SEE ALSO
.BR wshub.ini (5),
.BR systemctl (1),
.BR journalctl (1)
`;
  return page;
}

function configurationPage() {
  const text = readFileSync(path.join(source, "docs/configuration.md"), "utf8");
  let page = head("wshub.ini", 5, "the configuration of wshub");
  page += `.SH SYNOPSIS\n.I ${plain(sysconfdir)}/wshub/wshub.ini\n.SH DESCRIPTION\n`;
  let inCode = null;
  for (const block of text.replace(/^# .*\n/, "").split("\n")) {
    const line = block.trimEnd();
    if (line.startsWith("```")) {
      if (inCode !== null) page += literal(inCode.join("\n"));
      inCode = inCode === null ? [] : null;
    } else if (inCode !== null) {
      inCode.push(line);
    } else if (line.startsWith("<!--")) {
      continue;
    } else if (line.startsWith("#")) {
      page += `.SH ${plain(line.replace(/^#+ /, ""))}\n`;
    } else if (line.startsWith("|")) {
      const [key, value, sentence, form] = line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
      if (/^(-+|key)$/.test(key)) continue;
      page += `.TP\n${prose(key)}${value ? ` = ${prose(value)}` : ""}\n${prose(sentence ?? "")}${form ? `\n.br\n${prose(form)}` : ""}\n`;
    } else if (/^- /.test(line)) {
      page += `.IP \\(bu 2\n${prose(line.slice(2))}\n`;
    } else {
      page += line === "" ? ".PP\n" : `${prose(line.trimStart())}\n`;
    }
  }
  return `${page}.SH SEE ALSO\n.BR wshub (1)\n`.replace(/(\.PP\n)+(?=\.(PP|SH|TP|IP))/g, "");
}

mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, "wshub.1"), programPage());
writeFileSync(path.join(target, "wshub.ini.5"), configurationPage());
