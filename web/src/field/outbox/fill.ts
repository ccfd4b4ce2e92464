/** `{<id>.case_id}` in a path or body stands for a part of what the server answered to that write. */

const HOLE = /\{([0-9a-f]{32})\.(\w+)\}/g;

export function filled<Value>(value: Value, answers: Record<string, unknown>): Value {
  if (typeof value === "string") {
    const whole = new RegExp(`^${HOLE.source}$`).exec(value);
    if (whole) return part(answers, whole[1], whole[2]) as Value; // keeps being a number
    return value.replace(HOLE, (_all, id: string, key: string) => String(part(answers, id, key))) as Value;
  }
  if (Array.isArray(value)) return value.map((each) => filled(each as unknown, answers)) as Value;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each as unknown, answers)])) as Value;
}

function part(answers: Record<string, unknown>, id = "", key = ""): unknown {
  const answer = answers[id] as Record<string, unknown> | undefined;
  if (answer?.[key] === undefined) throw new Error(`no ${key} in the answer to ${id}`);
  return answer[key];
}
