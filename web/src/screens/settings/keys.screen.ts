import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/keys",
  title: { en: "API keys", vi: "Khóa API" },
  roles: ["owner"],
  navigation: { group: "settings", order: 70 },
  load: () => import("./Keys.tsx"),
});
