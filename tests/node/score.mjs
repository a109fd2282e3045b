// Measures the habits of a schema: how much of it is described, how its mutations and its lists are shaped.
// Prints one JSON object of percentages; "n/a" where there is nothing to measure.

import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { takeArguments } from './common.mjs';

const [path] = takeArguments('node score.mjs schema.graphql', 1);
console.log(JSON.stringify(score(buildSchema(readFileSync(path, 'utf8'))), null, 2));

function score(schema) {
  const types = Object.values(schema.getTypeMap()).filter(type => !isIntrospectionType(type) && !isSpecifiedScalarType(type));
  const fields = types.filter(type => isObjectType(type) || isInterfaceType(type)).flatMap(membersOf);
  const inputFields = types.filter(isInputObjectType).flatMap(membersOf);
  const enumValues = types.filter(isEnumType).flatMap(type => type.getValues());
  const mutations = membersOf(schema.getMutationType());
  const connections = fields.filter(field => resultOf(field).name.endsWith('Connection'));

  return {
    desc: {
      types: share(types, isDescribed),
      fields: share(fields, isDescribed),
      args: share(fields.flatMap(field => field.args), isDescribed),
      inputFields: share(inputFields, isDescribed),
      enumValues: share(enumValues, isDescribed),
    },
    mutSingleInputArg: share(mutations, ({ args }) => args.length === 1 && args[0].name === 'input'),
    mutPayloadSuffix: share(mutations, mutation => resultOf(mutation).name.endsWith('Payload')),
    mutWithErrorsField: share(mutations, mutation => membersOf(resultOf(mutation)).some(({ name }) => /errors$/i.test(name))),
    conn4args: share(connections, pagesBothWays),
  };
}

function membersOf(type) {
  return Object.values(type?.getFields?.() ?? {});
}

function resultOf(field) {
  return getNamedType(field.type);
}

function isDescribed({ description }) {
  return Boolean(description?.trim());
}

function pagesBothWays({ args }) {
  const names = args.map(({ name }) => name);
  return ['first', 'after', 'last', 'before'].every(name => names.includes(name));
}

function share(all, holds) {
  return all.length === 0 ? 'n/a' : `${((100 * all.filter(holds).length) / all.length).toFixed(1)}%`;
}
