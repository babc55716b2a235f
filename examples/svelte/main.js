// Clicks by page, live, in Svelte 5.
import { mount } from "svelte";
import App from "./app.svelte";

mount(App, { target: document.getElementById("app") });
