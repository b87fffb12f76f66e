/** Fails when a document breaks a rule of `redocly.yaml`, warnings included, or one of our own that Redocly cannot express. */
import { configKeyNames } from '#config-keys.ts'

import { findBrokenExamples } from './check-documents/examples.ts'
import { lint } from './check-documents/lint.ts'
import { findDoubleNames, findFaults, rules } from './check-documents/rules.ts'
import { bundle } from './generate/bundle.ts'
import { apis } from './generate/document.ts'

const isFeature = (name: string) => configKeyNames.some((key) => key === name)
const linted = Promise.all(apis.map((api) => lint(`openapi/${api}.yaml`)))
const documents = await Promise.all(apis.map((api) => bundle(api)))
const faults = [
  ...documents.flatMap((document) => findFaults(document, rules(isFeature))),
  ...documents.flatMap(findBrokenExamples),
  ...findDoubleNames(documents),
  ...(await linted).flat(),
]
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}
