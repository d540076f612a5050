import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/wrap-up-codes",
  title: { en: "Wrap-up codes", vi: "Mã kết quả cuộc gọi" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 50 },
  load: () => import("./Codes.tsx"),
});
