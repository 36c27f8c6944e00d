/** How many rows one page looks through for those that match: its cost is bounded, and the page may be short. */
export const scanWidth = 1000;
