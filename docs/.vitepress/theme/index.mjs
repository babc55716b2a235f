// VitePress's own theme, and the drawn timelines of the concepts.
import DefaultTheme from "vitepress/theme";
import TimeLine from "./TimeLine.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => app.component("TimeLine", TimeLine),
};
