using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>Error answers with stable codes.</summary>
internal static class Problems
{
    public static Problem Bad(string code, string title, string hint = "") => new("about:blank", title, 400, code, hint);

    public static Problem Unsigned(string code, string title, string hint = "") => new("about:blank", title, 401, code, hint);

    public static Problem Refused(string code, string title, string hint = "") => new("about:blank", title, 403, code, hint);

    public static Problem Missing(string title) => new("about:blank", title, 404, "NOT_FOUND", "");

    public static Problem Conflict(string code, string title) => new("about:blank", title, 409, code, "");

    public static Problem Storage(string title) => new("about:blank", title, 503, "STORAGE", "nothing was taken; try again when the store works");

    public static Problem Of(Refusal refusal) => refusal.Code switch
    {
        RefusalCode.Equivocation or RefusalCode.Contradiction or RefusalCode.WrongState => Conflict(refusal.Code.ToString(), refusal.Message),
        _ => Refused(refusal.Code.ToString(), refusal.Message),
    };
}
