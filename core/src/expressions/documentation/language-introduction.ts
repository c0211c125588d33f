/** What the page says before the operations. */
export const languageIntroduction = `
# Expressions

This page is written by \`npm run docs\` from the catalogue in \`core/src/expressions\`; edit it there.

A feature's \`expression\` and the operand of its \`aggregate\` are SQL-style scalar expressions. They mean the same on every
engine, offline and online, and they are total: no value makes one fail. What cannot be computed is null.

## Values

- \`bool\`: \`true\`, \`false\`.
- \`int64\`: \`42\`. Overflow is null.
- \`float64\`: \`1.5\`, \`1e3\`. NaN and infinities of a source are null; within an expression they may arise, NaN is equal to NaN
  and above every number, and what leaves the expression is null again.
- \`decimal(p,s)\`: \`decimal '1.20'\`. Exact, at most 38 digits; beyond them null.
- \`string\`: \`'text'\`, a quote inside it doubled.
- \`timestamp\`: \`timestamp '2001-06-01 07:00:00'\`, an instant in UTC with microseconds; \`date\`: \`date '2001-06-01'\`.
- \`list<T>\`: \`[1, 2]\`. A null list, an empty list and a list of a null are three things. Lists are not compared.
- \`bytes\` are carried, not computed with.
- An interval, \`7d\`, \`90s\`, \`interval 7 day\`, \`interval 1 month\`, is added to a timestamp or taken from it.
- \`null\` fits every type.

A column is written by its name, or in double quotes where the name is a keyword or has other characters. Numbers widen
from int64 to decimal to float64, dates to timestamps. Keywords and function names are read in any case.

## Operators, weakest first

\`or\`; \`and\`; \`not\`; comparisons, \`is null\`, \`in\`, \`between\`, \`like\`; \`||\`; \`+ -\`; \`* / // %\`; a sign.

\`case when CONDITION then VALUE … else VALUE end\` takes the first branch whose condition is true, and is null without
\`else\` where none is; \`case SUBJECT when VALUE then …\` compares.

## Casts

\`cast(x as T)\`. What cannot be cast is null.

- float64 to int64 is truncated toward zero; to a decimal it is rounded half away from zero.
- A decimal to int64, or to fewer places, is rounded half away from zero; to float64 it is the nearest float.
- A text is read as int64 (\`-12\`), float64 (\`1.5e3\`), decimal (\`1.50\`), bool (\`true\`, \`false\`), date (\`2001-06-01\`) or
  timestamp (\`2001-06-01 07:00:00.25+02:00\`; a zone needs the seconds before it, without one it is UTC). No spaces around.
- To a text: a float with the fewest digits that give it back (\`1.0\`, \`1e+16\`); a timestamp \`2001-06-01 07:00:00\`.
- A list is cast element by element; to a fixed length (\`float64[3]\`) it is null where the length differs.

Decimals of one operation are first brought to one scale; a value that then needs more than 38 digits is null.
`;
