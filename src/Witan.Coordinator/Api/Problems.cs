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

    public static Problem TooLarge(int limit) => new("about:blank", $"the body is longer than {limit} bytes", 413, "TOO_LARGE", "");

    public static Problem Storage(string title) => new("about:blank", title, 503, "STORAGE", "nothing was taken; try again when the store works");

    public static Problem Recovering { get; } =
        new("about:blank", "the record is being compared with what its trustees saw before a restart", 503, "RECOVERING", "ask again in a moment");

    public static Problem TooMany { get; } =
        new("about:blank", "more requests than one side may send", 429, "TOO_MANY_REQUESTS", "ask again after the time in Retry-After");

    public static Problem Busy { get; } =
        new("about:blank", "as many admissions as can be judged are waiting", 503, "BUSY", "ask again after the time in Retry-After");

    public static Problem Full { get; } =
        new("about:blank", "all requests together send more than is read at once", 503, "FULL", "ask again after the time in Retry-After");

    public static Problem Ending { get; } = new("about:blank", "the coordinator is ending", 503, "ENDING", "ask again in a moment");

    public static Problem Internal { get; } = new("about:blank", "a fault of the coordinator; nothing was taken", 500, "INTERNAL", "see its log");

    public static Problem Of(Refusal refusal) => new("about:blank", refusal.Message, StatusOf(refusal.Code), refusal.Code.ToString(), "");

    /// <summary>The HTTP status of a refusal.</summary>
    public static int StatusOf(RefusalCode code) => code switch
    {
        RefusalCode.Equivocation or RefusalCode.Contradiction or RefusalCode.WrongState => 409,
        RefusalCode.Late => 410,
        RefusalCode.ProofInvalid or RefusalCode.WrongContext => 422,
        _ => 403,
    };
}
