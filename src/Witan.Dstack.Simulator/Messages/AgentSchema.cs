namespace Witan.Dstack.Simulator;

/// <summary>What a field holds: text, bytes (hexadecimal in JSON), a flag, an unsigned number, or several of the first two.</summary>
internal enum FieldKind
{
    Text,
    Bytes,
    Flag,
    Number,
    Texts,
    ByteStrings,
}

/// <summary>A field: its name in JSON and queries, its number in protobuf.</summary>
internal sealed record AgentField(string Name, int Number, FieldKind Kind);

/// <summary>
/// The fields of a message of the guest agent's interface. One table serves all three forms: JSON, query and protobuf. Names and
/// numbers are those of <c>agent_rpc.proto</c>.
/// </summary>
internal sealed class AgentSchema(params AgentField[] fields)
{
    public static readonly AgentSchema Empty = new();

    public static readonly AgentSchema GetTlsKeyArgs = new(
        Text("subject", 1), Texts("alt_names", 2), Flag("usage_ra_tls", 3), Flag("usage_server_auth", 4), Flag("usage_client_auth", 5),
        Number("not_before", 6), Number("not_after", 7), Flag("with_app_info", 8));

    public static readonly AgentSchema DeriveKeyArgs = new(
        Text("path", 1), Text("subject", 2), Texts("alt_names", 3), Flag("usage_ra_tls", 4), Flag("usage_server_auth", 5),
        Flag("usage_client_auth", 6), Flag("random_seed", 7));

    public static readonly AgentSchema GetTlsKeyResponse = new(Text("key", 1), Texts("certificate_chain", 2));

    public static readonly AgentSchema GetKeyArgs = new(Text("path", 1), Text("purpose", 2), Text("algorithm", 3));

    public static readonly AgentSchema GetKeyResponse = new(Bytes("key", 1), ByteStrings("signature_chain", 2));

    public static readonly AgentSchema DeriveK256KeyResponse = new(Bytes("k256_key", 1), ByteStrings("k256_signature_chain", 2));

    public static readonly AgentSchema TdxQuoteArgs = new(Bytes("report_data", 1), Text("hash_algorithm", 2), Text("prefix", 3));

    public static readonly AgentSchema RawQuoteArgs = new(Bytes("report_data", 1));

    public static readonly AgentSchema TdxQuoteResponse = new(
        Bytes("quote", 1), Text("event_log", 2), Text("hash_algorithm", 3), Text("prefix", 4));

    public static readonly AgentSchema GetQuoteResponse = new(
        Bytes("quote", 1), Text("event_log", 2), Bytes("report_data", 3), Text("vm_config", 4), Bytes("attestation", 5));

    public static readonly AgentSchema AttestResponse = new(Bytes("attestation", 1));

    public static readonly AgentSchema GpuInfoResponse = new(Text("attestation", 1));

    public static readonly AgentSchema AppInfo = new(
        Bytes("app_id", 1), Bytes("instance_id", 2), Text("app_cert", 3), Text("tcb_info", 4), Text("app_name", 5), Bytes("device_id", 8),
        Bytes("mr_aggregated", 9), Bytes("os_image_hash", 10), Text("key_provider_info", 12), Bytes("compose_hash", 13), Text("vm_config", 14),
        Text("cloud_vendor", 15), Text("cloud_product", 16));

    public static readonly AgentSchema WorkerVersion = new(Text("version", 1), Text("rev", 2));

    public static readonly AgentSchema SignRequest = new(Text("algorithm", 1), Bytes("data", 2));

    public static readonly AgentSchema SignResponse = new(Bytes("signature", 1), ByteStrings("signature_chain", 2), Bytes("public_key", 3));

    public static readonly AgentSchema VerifyRequest = new(Text("algorithm", 1), Bytes("data", 2), Bytes("signature", 3), Bytes("public_key", 4));

    public static readonly AgentSchema VerifyResponse = new(Flag("valid", 1));

    public static readonly AgentSchema EmitEventArgs = new(Text("event", 1), Bytes("payload", 2));

    public static readonly AgentSchema AppKeyRequest = new(Text("algorithm", 1));

    public IReadOnlyList<AgentField> Fields { get; } = fields;

    public AgentField? Find(ReadOnlySpan<char> name)
    {
        foreach (AgentField field in Fields)
        {
            if (name.SequenceEqual(field.Name))
                return field;
        }

        return null;
    }

    private static AgentField Text(string name, int number) => new(name, number, FieldKind.Text);

    private static AgentField Bytes(string name, int number) => new(name, number, FieldKind.Bytes);

    private static AgentField Flag(string name, int number) => new(name, number, FieldKind.Flag);

    private static AgentField Number(string name, int number) => new(name, number, FieldKind.Number);

    private static AgentField Texts(string name, int number) => new(name, number, FieldKind.Texts);

    private static AgentField ByteStrings(string name, int number) => new(name, number, FieldKind.ByteStrings);
}
