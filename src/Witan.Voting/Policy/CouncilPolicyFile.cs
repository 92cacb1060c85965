using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Attestation;

namespace Witan.Voting;

/// <summary>
/// Reads policy files (witan.council-policy/1) as people write them: a member that is missing has its default, but for <c>schema</c>, which must
/// be there.
/// </summary>
public static class CouncilPolicyFile
{
    /// <summary>
    /// Reads a file; the caller has limited its size. Unknown and duplicate members, nulls and wrong types are refused with one sentence. That the
    /// policy holds together is another question: <see cref="CouncilPolicy.Problem"/>.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out CouncilPolicy? policy, [NotNullWhen(false)] out string? problem)
    {
        if (PolicySchema.IsOf(json, PolicySchema.Appraisal))
        {
            policy = null;
            problem = $"its schema {PolicySchema.Appraisal} is that of an appraisal policy, which witan verify and witan sgx-test take; a council's policy has {CouncilPolicy.SchemaName}";
            return false;
        }

        if (!StrictJson.TryRead(json, PolicyJson.Default.CouncilPolicy, out policy, out problem))
            return false;
        // The serializer leaves a member that is missing at zero or null and not at its default: a rule that was left out would be switched off.
        JsonObject whole = JsonSerializer.SerializeToNode(new CouncilPolicy(), PolicyJson.Default.CouncilPolicy)!.AsObject();
        whole["schema"] = "";
        foreach ((string name, JsonNode? value) in JsonNode.Parse(json)!.AsObject())
            whole[name] = value?.DeepClone();
        policy = whole.Deserialize(PolicyJson.Default.CouncilPolicy)!;
        return true;
    }
}
