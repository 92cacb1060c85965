using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>A policy by name, or from a file of schema <c>witan.policy/1</c>.</summary>
internal static class PolicyOption
{
    public static AppraisalPolicy Read(string text)
    {
        if (AppraisalPolicy.Named(text) is { } named)
            return named;
        if (!File.Exists(text))
            throw new CommandException($"there is no policy {text}", "phala, phala-docs, strict, or an appraisal policy file");
        return PolicyFile.TryParse(InputFile.Read(text, PolicyFile.MaximumSize), out AppraisalPolicy? policy, out Finding? refusal)
            ? policy
            : throw new CommandException($"{text} is no policy: {refusal.Message}", refusal.Remedy);
    }
}
