using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Compose;

namespace Witan.Dstack.Evidence;

/// <summary>Compares MRCONFIGID, which the host set before the TD started, with what the guest measured after.</summary>
internal static class MrConfigCheck
{
    /// <summary>The version, 0 where the field is not used.</summary>
    public static int Check(TdReport report, AppIdentity identity, VmConfig? config, AppCompose? compose, FindingList findings)
    {
        ReadOnlySpan<byte> id = report.MrConfigId;
        if (id.IndexOfAnyExcept((byte)0) < 0)
        {
            findings.Note("MR_CONFIG_ID_ABSENT", "MRCONFIGID", "MRCONFIGID is not used: a guest before 0.5.1, or a launch outside dstack");
            return 0;
        }

        switch (id[0])
        {
            case 1 when identity.ComposeHash is { } hash:
                if (!id.SequenceEqual(MrConfigId.V1(hash.Span)))
                    Mismatch("another compose hash", id, findings);
                return 1;
            case 2 when identity is { ComposeHash: { } hash, AppId: { } app, KeyProvider: { } provider }:
                CheckSecond(id.ToArray(), hash, app, provider, compose, findings);
                return 2;
            case 3:
                CheckThird(id.ToArray(), identity, config, findings);
                return 3;
            case 2 when identity is { ComposeHash: not null, AppId: not null, KeyProviderPayload: null }:
                // An invalid event has a finding; a missing one is no fault by itself, but leaves nothing to compare with.
                findings.Add(new Finding("MR_CONFIG_ID_UNCHECKED", FindingSeverity.Undecided, "MRCONFIGID binds a key provider, and the boot events name none")
                {
                    Subject = "MRCONFIGID",
                    Actor = FindingActor.Sender,
                    Remedy = "Attest once the guest has booted.",
                });
                return 2;
            case 1 or 2:
                // The events it would be compared with are missing, and a finding says so already.
                return id[0];
            default:
                findings.Add(new Finding("MR_CONFIG_ID_UNKNOWN", FindingSeverity.Warning, $"MRCONFIGID begins with {id[0]}; versions 1 to 3 are known")
                {
                    Subject = "MRCONFIGID",
                    Actor = FindingActor.VerifierOperator,
                });
                return 0;
        }
    }

    // The id is the one that the launch named: the measured provider's, the compose file's, or none.
    private static void CheckSecond(byte[] id, ReadOnlyMemory<byte> hash, ReadOnlyMemory<byte> app, KeyProvider provider, AppCompose? compose, FindingList findings)
    {
        string[] candidates = [provider.Id, "", compose?.KeyProviderId ?? ""];
        bool known = MrConfigId.Kind(provider.Name) is not null && candidates.Any(candidate =>
            candidate.Length % 2 == 0 && candidate.All(char.IsAsciiHexDigit)
            && id.AsSpan().SequenceEqual(MrConfigId.V2(hash.Span, app.Span, provider.Name, Convert.FromHexString(candidate))));
        if (!known)
            Mismatch("another compose hash, application id or key provider", id, findings);
    }

    private static void CheckThird(byte[] id, AppIdentity identity, VmConfig? config, FindingList findings)
    {
        if (config?.MrConfig is not { } document)
        {
            findings.Add(new Finding("MR_CONFIG_DOCUMENT_MISSING", FindingSeverity.Undecided, "MRCONFIGID binds a document that the vm_config does not carry")
            {
                Subject = "MRCONFIGID",
                Actor = FindingActor.Sender,
                Remedy = "Send the vm_config as the guest agent gave it, with mr_config.",
            });
            return;
        }

        if (!id.AsSpan().SequenceEqual(MrConfigId.V3(document)))
            Mismatch("another document than vm_config.mr_config", id, findings);
        else if (!Says(document, "app_id", identity.AppId) || !Says(document, "compose_hash", identity.ComposeHash))
            findings.Fail("MR_CONFIG_CONTENT_MISMATCH", "vm_config.mr_config", "the document that MRCONFIGID binds names another application than was measured", FindingActor.Sender);
    }

    private static bool Says(string document, string name, ReadOnlyMemory<byte>? value)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(document, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out JsonElement said)
                && said.ValueKind == JsonValueKind.String && value is { } bytes
                && string.Equals(said.GetString(), Convert.ToHexStringLower(bytes.Span), StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void Mismatch(string what, ReadOnlySpan<byte> id, FindingList findings) =>
        findings.Fail("MR_CONFIG_ID_MISMATCH", "MRCONFIGID", $"MRCONFIGID was set for {what}", FindingActor.Sender, null, Convert.ToHexStringLower(id));
}
