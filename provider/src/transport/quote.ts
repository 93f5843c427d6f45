import { SeapathError } from "../errors";

/** What needs no quotes in any POSIX shell; everything else gets them. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * The one place where an argument becomes shell text: sshd hands the command line to the login shell of the user, so
 * this is what keeps whatever someone typed from being read as shell.
 *
 * @example quoteArgv(["echo", "it's"]) // echo 'it'\''s'
 */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === "") throw new SeapathError("argument", "Unable to run a command without a name");
  return argv.map((argument, index) => quote(argument, index === 0)).join(" ");
}

function quote(argument: string, isProgram: boolean): string {
  // No program can be given a NUL: execve would cut the argument short there, silently.
  if (argument.includes("\0"))
    throw new SeapathError("argument", "Unable to pass an argument that contains a NUL byte");
  // A program's name is quoted if it could be an alias, a keyword ("if") or an assignment; the quotes cost nothing.
  if (!isProgram && PLAIN.test(argument)) return argument;
  if (isProgram && /^[A-Za-z0-9_./-]*[./-][A-Za-z0-9_./-]*$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
