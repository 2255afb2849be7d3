// The protocol allows letters, digits, underscore and hyphen in function names, ours have dots. Nobody else knows this.
export function toFunctionName(toolName: string): string {
  return toolName.replaceAll('.', '__')
}

/** The tool that a function name means; a name that the model made up goes through with its dots restored. */
export function fromFunctionName(functionName: string, toolNames: readonly string[]): string {
  return toolNames.find((name) => toFunctionName(name) === functionName) ?? functionName.replaceAll('__', '.')
}
