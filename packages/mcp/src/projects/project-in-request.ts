/** The header in which a client over HTTP names its project. */
export const projectHeader = 'Context-Project';
/** The parameter of the URL that does the same, for clients that cannot set a header. */
const projectParameter = 'project';

/** The project that an HTTP request names, unchecked. Returns undefined if it names none. The header comes first. */
export function projectInRequest(request: Request | undefined): string | undefined {
  if (request === undefined) return undefined;
  return request.headers.get(projectHeader) || (parameterOf(request.url) ?? undefined);
}

/** Parsing a URL takes long, compared with the rest of a call, and few have the parameter. */
function parameterOf(url: string): string | undefined {
  return url.includes(`${projectParameter}=`)
    ? new URL(url).searchParams.get(projectParameter) || undefined
    : undefined;
}
