/**
 * CloudEvents SQL (CESQL) 1.0: parse an expression once, evaluate it on the attributes of any number of events.
 * This folder imports nothing outside itself. See README.md.
 *
 * @module
 */

export { type CesqlError, type CesqlErrorKind, CesqlSyntaxError } from "./cesql_error.ts";
export {
  type CesqlOptions,
  type CesqlResult,
  compileCesql,
  type CompiledCesql,
  type MissingFunction,
} from "./compile_cesql.ts";
export { type CesqlExpression } from "./expression.ts";
export { BUILT_IN_FUNCTIONS, type CesqlFunction, CesqlFunctionFailure } from "./functions.ts";
export { EXPRESSION_LENGTH_MAX, NESTING_MAX, parseCesql } from "./parse_cesql.ts";
export { type CesqlAttributes, type CesqlType, type CesqlValue } from "./value.ts";
