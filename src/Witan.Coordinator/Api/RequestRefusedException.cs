using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>A request is refused with a problem.</summary>
internal sealed class RequestRefusedException(Problem problem) : Exception(problem.Title)
{
    public Problem Problem { get; } = problem;

    public static RequestRefusedException Of(Refusal refusal) => new(Problems.Of(refusal));
}
