// Builds the form from the model that is served, so that a new feature needs no change here.
"use strict";

const EXAMPLES = { integer: 8, number: 42.2 };
const byId = (id) => document.getElementById(id);

function label(name) {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2");
}

function addField(feature) {
  const field = document.createElement("label");
  field.className = "field";
  const title = document.createElement("span");
  title.textContent = label(feature.name);
  const input = document.createElement("input");
  input.name = feature.name;
  input.dataset.type = feature.type;
  input.dataset.kind = feature.kind;
  if (feature.type === "string" || feature.type === "secret") {
    input.type = feature.type === "secret" ? "password" : "text";
    input.value = feature.categories ? feature.categories[0] : "";
  } else {
    input.type = "number";
    input.step = feature.type === "integer" ? "1" : "any";
    input.value = feature.example ?? (feature.categories ? feature.categories.at(-1) : EXAMPLES[feature.type]);
    if (feature.minimum !== undefined) input.min = feature.minimum;
    if (feature.maximum !== undefined) input.max = feature.maximum;
  }
  if (feature.categories) {
    const known = document.createElement("datalist");
    known.id = `known-${feature.name}`;
    feature.categories.forEach((value, place) => known.append(new Option(feature.labels?.[place] ?? value, value)));
    input.setAttribute("list", known.id);
    field.append(known);
  }
  field.append(title, input);
  const meanings = feature.labels?.map((meaning, place) => `${feature.categories[place]} ${meaning}`).join(", ");
  if (meanings || feature.unit) {
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = meanings ?? `in ${feature.unit}`;
    field.append(hint);
  }
  byId("fields").append(field);
}

// What was typed as JSON. A number of JavaScript would round a long whole number, and name another student.
function written(input) {
  if (input.dataset.type === "string") return JSON.stringify(input.value);
  if (/^[+-]?\d+$/.test(input.value)) return BigInt(input.value.replace("+", "")).toString();
  return input.value === "" ? "null" : JSON.stringify(Number(input.value));
}

function entered() {
  const given = [...document.querySelectorAll("#fields input")].filter(
    ({ dataset, value }) => dataset.type !== "secret" && (value !== "" || dataset.type === "string" || dataset.kind === "numerical"),
  );
  return `{${given.map((input) => `${JSON.stringify(input.name)}:${written(input)}`).join(",")}}`;
}

function showFaults(problem) {
  let unplaced = problem.errors ? "" : problem.detail;
  for (const fault of problem.errors ?? []) {
    const input = document.querySelector(`#fields input[name="${CSS.escape(fault.field)}"]`);
    if (!input) {
      unplaced += `${fault.field}: ${fault.message} `;
      continue;
    }
    const message = document.createElement("span");
    message.className = "fault";
    message.textContent = fault.message;
    input.parentElement.append(message);
  }
  byId("answer").hidden = !unplaced;
  document.querySelector(".bar").hidden = true;
  byId("verdict").textContent = unplaced;
}

function showAnswer(answer, model) {
  const percent = `${(100 * answer.CompletionProbability).toFixed(1)}%`;
  const will = answer[model.target] ? "will probably complete the course" : "is at risk of not completing the course";
  byId("verdict").textContent = `This student ${will}. Probability of completing it: ${percent}.`;
  document.querySelector(".bar").hidden = false;
  byId("probability").style.width = percent;
  byId("threshold").style.left = `${100 * model.threshold}%`;
  byId("threshold").title = `From ${model.threshold} on, completion is predicted`;
  byId("warnings").textContent = (answer.Warnings ?? []).map((w) => `${label(w.field)} ${w.value}: ${w.message}`).join(" ");
  byId("warnings").hidden = !answer.Warnings;
  byId("answer").hidden = false;
}

async function predict(event, model) {
  event.preventDefault();
  document.querySelectorAll(".fault").forEach((fault) => fault.remove());
  // The browser gives such a field's value as empty, which would be sent as not known.
  const unreadable = [...document.querySelectorAll("#fields input")].filter(({ validity }) => validity.badInput);
  if (unreadable.length) {
    byId("json").textContent = "";
    showFaults({ errors: unreadable.map(({ name }) => ({ field: name, message: "This is not a number; nothing was sent" })) });
    return;
  }
  const headers = { "Content-Type": "application/json" };
  const key = document.querySelector('#fields input[data-type="secret"]');
  if (key) headers.Authorization = `Bearer ${key.value}`;
  try {
    const response = await fetch("predict", { method: "POST", headers, body: entered() });
    const body = await response.json();
    byId("json").textContent = JSON.stringify(body, null, 2);
    if (response.ok) showAnswer(body, model);
    else showFaults(body);
  } catch (error) {
    showFaults({ detail: `The service does not answer: ${error.message}` });
  }
}

async function start() {
  const model = await (await fetch("model")).json();
  if (model.needs_api_key) addField({ name: "API key", type: "secret" });
  addField({ name: model.student, type: "integer", minimum: 0, example: 6001 });
  model.features.forEach(addField);
  if (model.refused_champion) {
    byId("refused").textContent = `A newer champion, run ${model.refused_champion}, could not be loaded; the log says why.`;
    byId("refused").hidden = false;
  }
  byId("form").noValidate = true; // the service says what is wrong
  byId("form").addEventListener("submit", (event) => predict(event, model));
}

start();
