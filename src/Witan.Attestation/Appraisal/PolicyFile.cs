using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Policy files of schema <c>witan.policy/1</c>. An unknown or repeated member, a value out of range, and anything behind the object
/// refuse the whole file: a policy that is read half is no policy.
/// </summary>
public static class PolicyFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumSize = 1 << 20;

    /// <summary>
    /// Reads a policy. On false the refusal (<c>POLICY_FILE_INVALID</c>) names the member as its subject, the line in its message, and the
    /// offset in bytes.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out AppraisalPolicy? policy, [NotNullWhen(false)] out Finding? refusal)
    {
        policy = null;
        refusal = null;
        if (json.Length > MaximumSize)
        {
            refusal = Refuse("file", $"the policy has {json.Length} bytes; at most {MaximumSize} are read", null);
            return false;
        }

        if (PolicySchema.IsOf(json, PolicySchema.Council))
        {
            refusal = Refuse(
                "schema", $"this is a council's policy ({PolicySchema.Council}), which coordinators, workers and trustees take; here an appraisal policy ({PolicySchema.Appraisal}) is asked for", null);
            return false;
        }

        try
        {
            var reader = new PolicyReader(json);
            policy = reader.Read();
            return true;
        }
        catch (PolicyFormatException e)
        {
            refusal = Refuse(e.Member, $"line {Line(json, e.Offset)}: {e.Member} {e.Message}", e.Offset);
        }
        catch (JsonException e)
        {
            int line = (int)(e.LineNumber ?? 0), offset = (int)(e.BytePositionInLine ?? 0);
            refusal = Refuse("file", $"line {line + 1}: the file is no JSON: {JsonPlace.Sentence(e.Message)}", JsonPlace.LineStart(json, line) + offset);
        }

        return false;
    }

    internal static string NameOf(LevelRule rule) => rule switch
    {
        LevelRule.Phala => "phala",
        LevelRule.PhalaDocs => "phala-docs",
        _ => "strict",
    };

    private static int Line(ReadOnlySpan<byte> json, int offset) => json[..Math.Min(offset, json.Length)].Count((byte)'\n') + 1;

    private static Finding Refuse(string subject, string message, int? offset) => new("POLICY_FILE_INVALID", FindingSeverity.Error, message)
    {
        Subject = subject,
        Offset = offset,
        Actor = FindingActor.VerifierOperator,
        Remedy = "Correct the policy file; docs/reference/policy.md lists every member.",
    };
}

/// <summary>What is wrong with a policy file, and where. Never leaves <see cref="PolicyFile"/>.</summary>
internal sealed class PolicyFormatException(string member, int offset, string message) : Exception(message)
{
    public string Member => member;

    public int Offset => offset;
}
