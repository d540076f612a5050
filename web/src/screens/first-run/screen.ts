import { screen } from "../../app/screens.ts";

export default screen({ path: "/first-run", title: { en: "Set up", vi: "Thiết lập" }, roles: "everyone", load: () => import("./FirstRun.tsx") });
