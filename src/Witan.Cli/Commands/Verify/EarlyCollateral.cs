using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary><c>--early-collateral FILE</c>: what the next TCB recovery will make of the platform, before it does. Never part of the outcome.</summary>
internal sealed class EarlyCollateral
{
    private readonly Option<string?> _file = new("--early-collateral") { Description = "collateral of the early TCB set: says what the next TCB recovery will make of the platform" };

    public void AddTo(Command command) => command.Options.Add(_file);

    /// <summary>Reads the file once; null where none was given. Collateral that is not authentic is wrong use.</summary>
    public TrustedCollateral? Read(ParseResult parsed, TrustRoot root, DateTimeOffset at)
    {
        if (parsed.GetValue(_file) is not { } path)
            return null;
        (TrustedCollateral? trusted, IReadOnlyList<Finding> problems) = VerifyCommand.ReadCollateral(path, root, at);
        return trusted ?? throw new CommandException($"{path}: {problems[0].Message}", problems[0].Remedy);
    }

    /// <summary>Adds the forecast, and to the verdict the warning that follows from it.</summary>
    public static VerifyResult Foresee(VerifyResult result, TrustedCollateral? early, AppraisalPolicy policy)
    {
        if (early is null || result.Facts is not { } facts || Forecaster.Foresee(facts, early, policy) is not { } forecast)
            return result;
        Verdict verdict = result.Verdict;
        if (Forecaster.Warn(verdict, forecast) is { } warning)
            verdict = verdict with { Findings = [.. verdict.Findings, warning] };
        return result with { Verdict = verdict, Forecast = forecast };
    }
}
