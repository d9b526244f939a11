// images.js
export const about = {
  describe: () => ({
    name: "images", version: "0.1.0", summary: "The images of each pod", license: "MIT", homepage: undefined, inputs: ["pods"],
    options: [{ key: "max", summary: "How many of them", default: "3", choices: [] }], minFeatures: [],
  }),
};

const column = (id, title) => ({
  id, title, summary: "", unit: undefined, align: "start", priority: 0, hidden: false, min: 0, max: undefined, choices: [],
});
const cell = (text) => ({ spans: [{ text, role: 0 }], link: undefined, sort: undefined });

class Session {
  static open(context) {
    const session = new Session();
    session.max = Number(Object.fromEntries(context.options).max);
    if (Number.isNaN(session.max)) throw new Error("max is no number");
    return session;
  }
  plan() {
    const columns = [column("name", "NAME"), column("images", "IMAGES")];
    return { needs: ["pod.name", "spec.containers[*].image"], columns, batch: 1000, ordered: false, wholeSet: false };
  }
  push(rows) {
    const line = ([name, images]) => [cell(name.val), cell((images.val ?? []).slice(0, this.max).join(","))];
    return rows.map((row) => ({ cells: line(row), group: undefined }));
  }
  finish() { return []; }
}
export const table = { Session };
