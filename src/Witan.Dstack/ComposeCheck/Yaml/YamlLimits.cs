namespace Witan.Dstack.ComposeCheck.Yaml;

/// <summary>
/// What a compose file may cost to read. Each bound is far above any file the platform accepts (200 KiB) and far below
/// what would hurt: an alias bomb of a few lines is refused after counting, without ever being expanded in memory.
/// </summary>
internal static class YamlLimits
{
    /// <summary>Length of the text in UTF-16 units.</summary>
    public const int Characters = 1 << 20;

    /// <summary>Nesting of mappings and sequences.</summary>
    public const int Depth = 64;

    /// <summary>Nodes of the file as written.</summary>
    public const int Nodes = 100_000;

    /// <summary>Nodes of the file with every alias written out.</summary>
    public const int ExpandedNodes = 200_000;

    /// <summary>Documents in one stream.</summary>
    public const int Documents = 32;
}
