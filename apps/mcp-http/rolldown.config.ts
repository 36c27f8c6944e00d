import { bundleProgram } from '../../rolldown.program.ts';

// oxlint-disable-next-line import/no-default-export -- rolldown asks for it
export default bundleProgram();
