/* Holds calls of a webhook against the public verifier: [{secret, headers, body}] from stdin, where the body is base64;
 * to stdout, for each, what it holds, or {refused: why}. The packages are looked up in NODE_PATH. */
"use strict";
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

function judge({ secret, headers, body }) {
  try {
    return { accepted: new Webhook(secret).verify(Buffer.from(body, "base64"), headers) };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return { refused: error.message };
  }
}

const calls = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(calls.map(judge)));
