using Witan.Agent;

namespace Witan.Coordinator.Settlement;

/// <summary>From a setting to a target.</summary>
internal static class SettlementTargets
{
    private const string WebhookPrefix = "webhook:";

    /// <summary><c>local-record</c>, or <c>webhook:https://HOST/PATH</c>. Throws <see cref="SettingException"/> for anything else.</summary>
    public static ISettlementTarget Create(string setting, ReadOnlySpan<byte> signingSeed)
    {
        if (setting == LocalRecord.TargetName)
            return new LocalRecord();
        return setting.StartsWith(WebhookPrefix, StringComparison.Ordinal)
            ? Webhook.Create(setting[WebhookPrefix.Length..], signingSeed)
            : throw new SettingException($"there is no settlement target {setting}", $"{LocalRecord.TargetName}, or {WebhookPrefix}https://HOST/PATH");
    }
}
