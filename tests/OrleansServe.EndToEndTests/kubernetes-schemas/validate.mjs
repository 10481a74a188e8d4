// Reads rendered manifests from standard input; writes them as JSON, with what is wrong with each by Kubernetes' own schemas.
// The schemas know types and allowed values but let fields pass that they have never heard of; the TypeScript declarations made from the same
// source do not, so that a misspelt field is found too.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const CRDS = { 'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1' };
const moduleOf = (document) => `${CRDS[document.apiVersion] ?? `kubernetes-models/${document.apiVersion}`}/${document.kind}`;
const nameOf = (document) => `${document.kind} ${document.metadata?.name}`;

async function schemaFault(document) {
  try {
    const module = await import(moduleOf(document));
    new module[document.kind](document).validate();
    return [];
  } catch (error) {
    return [`${nameOf(document)}: ${error.code === 'ERR_MODULE_NOT_FOUND' ? `no schema for ${document.apiVersion}` : error.message}`];
  }
}

// Each document becomes a literal of its interface: the compiler objects to fields that the interface does not have.
function unknownFields(documents) {
  const file = join(FOLDER, 'manifests.ts');
  const lines = documents.map((document, index) =>
    `import type { I${document.kind} as T${index} } from ${JSON.stringify(moduleOf(document))}; export const d${index}: T${index} = ${JSON.stringify(document)};`);
  const options = { noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists.call(host, path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, lines.join('\n'), ts.ScriptTarget.ES2022, true) : getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const line = diagnostic.file?.fileName === file ? diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start).line : -1;
    return `${line < 0 ? 'types' : nameOf(documents[line])}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });
}

let text = '';
for await (const chunk of process.stdin) {
  text += chunk;
}

const documents = [];
const faults = [];
for (const parsed of parseAllDocuments(text)) {
  faults.push(...parsed.errors.map((error) => error.message));
  documents.push(parsed.toJS());
  faults.push(...await schemaFault(documents.at(-1)));
}

faults.push(...unknownFields(documents));
process.stdout.write(JSON.stringify({ documents, faults }));
