/** Skills as people write them: `english:5, billing`; without a level it is 1. */

export type Skill = { skill: string; level: number };

export function readSkills(text: string): Skill[] {
  return text.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean).map((one) => {
    const found = /^(.*?)\s*:\s*(\d+)$/.exec(one);
    return found ? { skill: found[1]!, level: Number(found[2]) } : { skill: one, level: 1 };
  });
}

export function writeSkills(skills: readonly { skill: string; level?: number }[]): string {
  return skills.map(({ skill, level }) => `${skill}:${level ?? 1}`).join(", ");
}
