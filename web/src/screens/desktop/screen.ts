import { screen } from "../../app/screens.ts";

export default screen({
  path: "/desk",
  title: { en: "My desk", vi: "Bàn làm việc" },
  roles: ["agent"],
  navigation: { group: "work", order: 10 },
  load: () => import("./Desk.tsx"),
});
