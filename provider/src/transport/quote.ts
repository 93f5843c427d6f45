import { SeapathError } from "../errors";

/** Arguments that need no quotes in any POSIX shell; all others are quoted. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * The only place that turns arguments into shell text. sshd passes the command line to the user's login shell, so this
 * keeps user input from being read as shell code.
 *
 * @example quoteArgv(["echo", "it's"]) // echo 'it'\''s'
 */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === "") throw new SeapathError("argument", "Unable to run a command without a name");
  return argv.map((argument, index) => quote(argument, index === 0)).join(" ");
}

function quote(argument: string, isProgram: boolean): string {
  // No program can receive a NUL: execve would silently cut the argument short there.
  if (argument.includes("\0"))
    throw new SeapathError("argument", "Unable to pass an argument that contains a NUL byte");
  // Quote a program's name if it could be an alias, a keyword ("if") or an assignment; the quotes cost nothing.
  if (!isProgram && PLAIN.test(argument)) return argument;
  if (isProgram && /^[A-Za-z0-9_./-]*[./-][A-Za-z0-9_./-]*$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
