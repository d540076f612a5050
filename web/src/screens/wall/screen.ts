import { screen } from "../../app/screens.ts";

/** A board for a television, by the token in the fragment of its address: nobody is signed in there. */
export default screen({
  path: "/wall",
  title: { en: "Wallboard", vi: "Bảng hiển thị" },
  roles: "everyone",
  load: () => import("./Wall.tsx"),
});
