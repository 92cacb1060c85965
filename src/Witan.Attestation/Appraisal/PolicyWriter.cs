using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Writes a policy in canonical form (RFC 8785 for the characters and numbers that policies may have). A member added later is left
/// out at its default, so that the hash of a policy outlives new members.
/// </summary>
internal static class PolicyWriter
{
    public static byte[] Write(AppraisalPolicy policy)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (policy.AcceptedAdvisories is { } accepted)
                WriteSet(json, "acceptedAdvisories", accepted, always: true);
            if (policy.AllowedXfam is { } xfam)
                json.WriteString("allowedXfam", xfam.ToString("x16", CultureInfo.InvariantCulture));
            WriteAge(json, policy);
            WriteSet(json, "configId", policy.ConfigId);
            if (policy.EqualEvaluationNumbers)
                json.WriteBoolean("equalEvaluationNumbers", true);
            WriteGraces(json, policy.Graces);
            WriteNumbers(json, "isvProdIds", policy.IsvProdIds);
            if (policy.MinimumConfigSvn is { } configSvn)
                json.WriteNumber("minimumConfigSvn", configSvn);
            if (policy.MinimumEvaluationDataNumber is { } number)
                json.WriteNumber("minimumEvaluationDataNumber", number);
            if (policy.MinimumIsvSvn is { } svn)
                json.WriteNumber("minimumIsvSvn", svn);
            if (policy.MinimumProvenance != Provenance.P0)
                json.WriteString("minimumProvenance", policy.MinimumProvenance.ToString());
            if (policy.MinimumTcbDate is { } date)
                json.WriteString("minimumTcbDate", Date(date));
            WriteSet(json, "mrConfigId", policy.MrConfigId);
            WriteSet(json, "mrEnclave", policy.MrEnclave);
            WriteSet(json, "mrOwner", policy.MrOwner);
            WriteSet(json, "mrOwnerConfig", policy.MrOwnerConfig);
            WriteSet(json, "mrSeam", policy.MrSeam);
            WriteSet(json, "mrSigner", policy.MrSigner);
            WriteSet(json, "mrTd", policy.MrTd);
            json.WriteString("name", policy.Name);
            WritePlatforms(json, policy.Platforms);
            WriteSet(json, "rejectedAdvisories", policy.RejectedAdvisories);
            WriteSet(json, "rejectedPlatform", policy.RejectedPlatform);
            WriteSet(json, "rejectedTdAttributes", policy.RejectedTdAttributes);
            if (policy.RelaunchAdvised == RelaunchRule.AsLaunched)
                json.WriteString("relaunchAdvised", "as-launched");
            WriteRtmr(json, policy.Rtmr);
            json.WriteString("rule", PolicyFile.NameOf(policy.Rule));
            json.WriteString("schema", PolicySchema.Appraisal);
            WriteSet(json, "serviceTd", policy.ServiceTd);
            json.WriteNumber("worstLevel", policy.WorstLevel);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Date(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void WriteSet(Utf8JsonWriter json, string name, ImmutableArray<string> values, bool always = false)
    {
        if (values.IsDefaultOrEmpty && !always)
            return;
        json.WriteStartArray(name);
        foreach (string value in values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ImmutableArray<int> values)
    {
        if (values.IsDefaultOrEmpty)
            return;
        json.WriteStartArray(name);
        foreach (int value in values.Distinct().Order())
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static void WriteAge(Utf8JsonWriter json, AppraisalPolicy policy)
    {
        if (policy.CollateralWarnAge is null && policy.CollateralDemoteAge is null)
            return;
        json.WriteStartObject("collateralAge");
        if (policy.CollateralDemoteAge is { } demote)
            json.WriteNumber("demoteSeconds", (long)demote.TotalSeconds);
        if (policy.CollateralWarnAge is { } warn)
            json.WriteNumber("warnSeconds", (long)warn.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteGraces(Utf8JsonWriter json, ImmutableArray<PolicyGrace> graces)
    {
        if (graces.IsDefaultOrEmpty)
            return;
        json.WriteStartArray("grace");
        foreach (PolicyGrace grace in graces.Distinct().OrderBy(grace => grace.Level).ThenBy(grace => grace.Advisory, StringComparer.Ordinal).ThenBy(grace => grace.Until).ThenBy(grace => grace.Reason, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            if (grace.Advisory is not null)
                json.WriteString("advisory", grace.Advisory);
            if (grace.Level is { } level)
                json.WriteNumber("level", level);
            if (grace.Reason is not null)
                json.WriteString("reason", grace.Reason);
            json.WriteString("until", Date(grace.Until));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePlatforms(Utf8JsonWriter json, ImmutableArray<PlatformEntry> platforms)
    {
        if (platforms.IsDefaultOrEmpty)
            return;
        json.WriteStartArray("platforms");
        foreach (PlatformEntry entry in platforms.Distinct().OrderBy(entry => entry.Id, StringComparer.Ordinal).ThenBy(entry => entry.Provenance).ThenBy(entry => entry.Source, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            if (entry.Fmspc is not null)
                json.WriteString("fmspc", entry.Fmspc);
            if (entry.PlatformInstanceId is not null)
                json.WriteString("platformInstanceId", entry.PlatformInstanceId);
            if (entry.PpidHash is not null)
                json.WriteString("ppidHash", entry.PpidHash);
            json.WriteString("provenance", entry.Provenance.ToString());
            if (entry.Source is not null)
                json.WriteString("source", entry.Source);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRtmr(Utf8JsonWriter json, ImmutableArray<ImmutableArray<string>> registers)
    {
        if (registers.IsDefaultOrEmpty || registers.All(list => list.IsDefaultOrEmpty))
            return;
        json.WriteStartArray("rtmr");
        for (int i = 0; i < 4; i++)
        {
            json.WriteStartArray();
            foreach (string value in (i < registers.Length ? registers[i] : []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                json.WriteStringValue(value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
