import { createHash } from 'node:crypto';
import { z } from 'zod';

const maxLength = 128;
const pattern = /^[A-Za-z0-9][A-Za-z0-9._~+/-]{0,127}$/;
const patternOrAll = new RegExp(String.raw`^\*$|${pattern.source}`);
const foreignCharacters = /[^A-Za-z0-9._~+/-]+/g;

/** Stands for no project where a caller may name one. No project has this name. */
export const noProject = 'none';
/** Stands for all projects in the filter of a list. */
export const allProjects = '*';

const form =
  'host/owner/repo as in the git remote, without scheme, user, port and .git, or another name: 1 to 128 letters, digits and ._~+/-, beginning with a letter or digit';

/**
 * Where a piece of work belongs: a normalised git remote such as `github.com/owner/repo` (see {@link projectOfRemote}),
 * else the name of a folder with a hash of its path (see {@link projectOfFolder}). Case-sensitive. It is an address, not
 * a permission. A colon and an at sign are not allowed, so that no URL with a password passes for a project.
 */
export const projectSchema = z
  .string()
  .regex(pattern, form)
  .refine((name) => name !== noProject, `not ${noProject}, which stands for no project`);

/** A project that a caller names, or `none`. */
export const namedProjectSchema = z.string().regex(pattern, `${form}; or ${noProject} for no project`);

/** What a list shows: a project and what has none, only what has none (`none`), or everything (`*`). */
export const projectFilterSchema = z
  .string()
  .regex(patternOrAll, `${form}; ${noProject} for what has no project, or ${allProjects} for everything`);

/**
 * Returns the project of a git remote: `host/path`, the same for all notations of one remote. The host is in lower case.
 * Scheme, user, password, port, query, `.git` and outer slashes are left out. Characters that a project cannot hold
 * become hyphens. If the name is too long, a hash replaces its end.
 *
 * @param url an http, https, ssh, git or ftp URL, or `user@host:path`
 * @returns undefined for a remote on this machine, and for anything else. A URL that may hold a part of a password
 *   outside of its place is not read at all
 */
export function projectOfRemote(url: string): string | undefined {
  const { authority = '', path = '' } = splitRemote(url.trim()) ?? {};
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  const repository = decoded(path.replace(/[?#].*$/s, ''))
    .replaceAll(/\/{2,}/g, '/')
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .replace(/\/?\.git$/, '');
  // A password that holds a slash ends the host too early: its rest is in the path, before an at sign.
  const isClear = ![path, repository].some((text) => text.includes('@'));
  if (!hostName.test(host) || repository === '' || !isClear) return undefined;
  const name = `${host.toLowerCase()}/${repository}`;
  const project = shortened(storable(name), `-${hashOf(name)}`);
  return projectSchema.safeParse(project).success ? project : undefined;
}

/**
 * Returns the project of a folder that has no git remote: its name, and eight digits of a hash of its path, so that
 * folders with one name stay apart.
 *
 * @param realPath the absolute path of the folder, without symbolic links
 * @returns undefined for the root of a file system
 */
export function projectOfFolder(realPath: string): string | undefined {
  const path = realPath.replace(/[/\\]+$/, '');
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  if (name === '' || driveName.test(name)) return undefined;
  const shown = storable(name).replace(/-+$/, '');
  const suffix = `-${hashOf(path)}`;
  return `${(shown === '' ? 'folder' : shown).slice(0, maxLength - suffix.length)}${suffix}`;
}

interface Remote {
  readonly authority: string;
  readonly path: string;
}

const remoteUrl = /^(?:git\+)?(?:https?|ssh|git|ftps?)(?:\+git|\+ssh)?:\/\/([^/?#]*)(.*)$/is;
/** git takes what comes before a colon for a host, unless a slash comes first. Two colons follow a transport's name. */
const scpLike = /^([^/\\:]+):(?!:)(.*)$/s;
/** A name, or an IPv6 address in brackets. */
const hostName = /^(\[[\dA-Fa-f:.]+\]|[^[\]:\s]+)$/;
/** Of Windows. `C:\work` and `C:/work` are folders. */
const driveName = /^[A-Za-z]:?$/;

function splitRemote(url: string): Remote | undefined {
  const isUrl = url.includes('://');
  const [, authority, path] = (isUrl ? remoteUrl : scpLike).exec(url) ?? [];
  if (authority === undefined || path === undefined) return undefined;
  return !isUrl && driveName.test(authority) ? undefined : { authority, path };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const storable = (name: string): string => name.replaceAll(foreignCharacters, '-').replace(/^[^A-Za-z0-9]+/, '');

const shortened = (name: string, suffix: string): string =>
  name.length <= maxLength ? name : `${name.slice(0, maxLength - suffix.length)}${suffix}`;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
