import type { KitAnswer, KitRequest, Route } from '../../../src/sandbox/index.ts';
import { rowProblems } from './body.ts';
import { type RowProblem, SfError } from './errors.ts';
import {
  COMPONENT_TYPES,
  type Component,
  type ComponentType,
  deleteComponent,
  type Intent,
  listComponents,
  readComponent,
  saveComponent,
} from './metadata-components.ts';
import { checkVersion } from './routes-data.ts';
import { charge, type State } from './state.ts';
import {
  child,
  childrenNamed,
  escapeXml,
  fromData,
  readXml,
  toData,
  type XmlElement,
  XmlError,
} from './xml.ts';

const NAMESPACE = 'http://soap.sforce.com/2006/04/metadata';
const MAX_COMPONENTS = 10;

/** A SOAP fault: HTTP 500 with `sf:CODE`. */
class Fault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function envelope(body: string, status: number): KitAnswer {
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`,
  };
}

function fault(code: string, message: string): KitAnswer {
  return envelope(
    `<soapenv:Fault><faultcode>sf:${code}</faultcode><faultstring>${escapeXml(`${code}: ${message}`)}</faultstring></soapenv:Fault>`,
    500,
  );
}

function errorsXml(problems: readonly RowProblem[]): string {
  return problems
    .map(
      ({ message, statusCode, fields }) =>
        `<errors>${fields.map((name) => fromData('fields', name)).join('')}${fromData('message', message)}${fromData('statusCode', statusCode)}</errors>`,
    )
    .join('');
}

function typeOf(text: string): ComponentType {
  const known = COMPONENT_TYPES.find((one) => one === text);
  if (known === undefined) throw new Fault('INVALID_TYPE', `Unknown or unsupported metadata type: ${text}`);
  return known;
}

function capped<T>(list: readonly T[]): readonly T[] {
  if (list.length > MAX_COMPONENTS) {
    throw new Fault(
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${MAX_COMPONENTS} records in this operation`,
    );
  }
  return list;
}

function save(state: State, call: XmlElement, intent: Intent): string {
  return capped(childrenNamed(call, 'metadata'))
    .map((element) => {
      const declared = element.attributes.get('xsi:type') ?? '';
      const type = typeOf(declared.slice(declared.indexOf(':') + 1));
      const data = toData(element);
      const component: Component = data instanceof Map ? data : new Map();
      const fullName = fromData('fullName', component.get('fullName') ?? '');
      try {
        const created = saveComponent(state, type, component, intent);
        return `<result>${intent === 'upsert' ? fromData('created', created) : ''}${fullName}<success>true</success></result>`;
      } catch (error) {
        const problems = errorsXml(rowProblems(error));
        return `<result>${intent === 'upsert' ? '<created>false</created>' : ''}${problems}${fullName}<success>false</success></result>`;
      }
    })
    .join('');
}

function texts(call: XmlElement, name: string): readonly string[] {
  return childrenNamed(call, name).map((one) => one.text.trim());
}

function read(state: State, call: XmlElement): string {
  const type = typeOf(texts(call, 'type')[0] ?? '');
  const records = capped(texts(call, 'fullNames')).map((name) => {
    const component = readComponent(state, type, name);
    if (component === null) return '<records xsi:nil="true"/>';
    return `<records xsi:type="${type}">${[...component].map(([key, value]) => fromData(key, value)).join('')}</records>`;
  });
  return `<result>${records.join('')}</result>`;
}

function remove(state: State, call: XmlElement): string {
  const type = typeOf(texts(call, 'type')[0] ?? '');
  return capped(texts(call, 'fullNames'))
    .map((name) => {
      const fullName = fromData('fullName', name);
      try {
        deleteComponent(state, type, name);
        return `<result>${fullName}<success>true</success></result>`;
      } catch (error) {
        return `<result>${errorsXml(rowProblems(error))}${fullName}<success>false</success></result>`;
      }
    })
    .join('');
}

function describe(): string {
  const objects = [
    {
      childXmlNames: 'CustomField',
      directoryName: 'objects',
      inFolder: false,
      metaFile: false,
      suffix: 'object',
      xmlName: 'CustomObject',
    },
    {
      directoryName: 'permissionsets',
      inFolder: false,
      metaFile: false,
      suffix: 'permissionset',
      xmlName: 'PermissionSet',
    },
  ];
  return fromData('result', {
    metadataObjects: objects,
    organizationNamespace: '',
    partialSaveAllowed: true,
    testRequired: false,
  });
}

function list(state: State, call: XmlElement): string {
  return childrenNamed(call, 'queries')
    .flatMap((one) => {
      const type = typeOf(child(one, 'type')?.text.trim() ?? '');
      return listComponents(state, type).map(({ fullName, id, row }) => {
        const at = new Date(Number(row['LastModifiedDate'])).toISOString();
        const created = new Date(Number(row['CreatedDate'])).toISOString();
        return fromData('result', {
          createdById: row['CreatedById'],
          createdByName: 'Integration User',
          createdDate: created,
          fileName:
            type === 'CustomField'
              ? `objects/${fullName.split('.')[0]}.object`
              : `permissionsets/${fullName}.permissionset`,
          fullName,
          id,
          lastModifiedById: row['LastModifiedById'],
          lastModifiedByName: 'Integration User',
          lastModifiedDate: at,
          type,
        });
      });
    })
    .join('');
}

function invoke(state: State, call: XmlElement): string {
  switch (call.name) {
    case 'createMetadata':
      return save(state, call, 'create');
    case 'updateMetadata':
      return save(state, call, 'update');
    case 'upsertMetadata':
      return save(state, call, 'upsert');
    case 'readMetadata':
      return read(state, call);
    case 'deleteMetadata':
      return remove(state, call);
    case 'describeMetadata':
      return describe();
    case 'listMetadata':
      return list(state, call);
    default:
      throw new Fault('UNKNOWN_EXCEPTION', `No operation available for request {${NAMESPACE}}${call.name}`);
  }
}

function answer(state: State, request: KitRequest): KitAnswer {
  try {
    checkVersion(`v${request.params['version']}`);
    const root = readXml(request.body.toString('utf8'));
    const body = child(root, 'Body');
    const call = body?.children[0];
    if (root.name !== 'Envelope' || call === undefined)
      throw new Fault('INVALID_OPERATION', 'no SOAP call found');
    const session = child(child(child(root, 'Header'), 'SessionHeader'), 'sessionId')?.text.trim() ?? '';
    if (!state.sessions.isValid(session, state.time.now())) {
      throw new Fault(
        'INVALID_SESSION_ID',
        'Invalid Session ID found in SessionHeader: Illegal Session. Session not found',
      );
    }
    charge(state);
    return envelope(
      `<${call.name}Response xmlns="${NAMESPACE}">${invoke(state, call)}</${call.name}Response>`,
      200,
    );
  } catch (error) {
    if (error instanceof Fault) return fault(error.code, error.message);
    if (error instanceof XmlError)
      return fault('INVALID_OPERATION', `The XML cannot be read: ${error.message}`);
    if (error instanceof SfError) {
      const [entry] = error.entries;
      const refused = fault(entry?.errorCode ?? 'UNKNOWN_EXCEPTION', error.message);
      return error.refused ? { ...refused, refused: true } : refused;
    }
    throw error;
  }
}

/** The Metadata API over SOAP, as far as custom fields and permission sets go. */
export function soapRoutes(state: State): readonly Route[] {
  const handle = (request: KitRequest): KitAnswer => answer(state, request);
  return [
    { method: 'POST', pattern: '/services/Soap/m/:version', handle },
    { method: 'POST', pattern: '/services/Soap/m/:version/:org', handle },
  ];
}
