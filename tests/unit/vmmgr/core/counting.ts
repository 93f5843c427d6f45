/** The CIB with fail counts on nodes. */
export const counting = (cib: string, name: string, counts: Record<number, string>, operation = "start_0") =>
  Object.entries(counts).reduce((text, [node, count]) => {
    const pair = (kind: string, value: string) =>
      `<nvpair id="status-${node}-${kind}-${name}.${operation}" name="${kind}-${name}#${operation}" value="${value}"/>`;
    const set = `<transient_attributes id="${node}"><instance_attributes id="status-${node}">${pair("fail-count", count)}${pair("last-failure", "1000")}</instance_attributes></transient_attributes>`;
    return text.replace(new RegExp(`(<node_state id="${node}".*?)</node_state>`, "s"), `$1${set}</node_state>`);
  }, cib);
