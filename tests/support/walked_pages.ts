/** Pages whose commands and programs are run as they stand there (`tests/e2e/readme_test.ts`). */
export const walkedPages: readonly string[] = ["README.md", "docs/guide.md", "docs/operations.md"];
