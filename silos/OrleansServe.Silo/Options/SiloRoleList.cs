namespace OrleansServe.Silo.Options;

/// <summary>Roles as text: on the command line, and in the silo's metadata, where placement reads them.</summary>
public static class SiloRoleList
{
    /// <summary>What a process that is a whole cluster must do; experts are computed by prefill and decode workers where there are no shards.</summary>
    public const SiloRole WholeCluster = SiloRole.Gateway | SiloRole.Prefill | SiloRole.Decode;

    private static readonly (SiloRole Role, string Name)[] Names =
    [
        (SiloRole.Gateway, "gateway"),
        (SiloRole.Prefill, "prefill"),
        (SiloRole.Decode, "decode"),
        (SiloRole.Expert, "expert"),
    ];

    /// <summary>Writes roles as a comma-separated list in a fixed order.</summary>
    public static string Format(SiloRole roles) =>
        string.Join(',', Names.Where(entry => roles.HasFlag(entry.Role)).Select(entry => entry.Name));

    /// <summary>Reads a comma-separated list; <c>all</c> stands for every role.</summary>
    /// <exception cref="FormatException">The list is empty or names something else.</exception>
    public static SiloRole Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        SiloRole roles = SiloRole.None;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            roles |= part == "all" ? SiloRole.All : Names.FirstOrDefault(entry => entry.Name == part).Role switch
            {
                SiloRole.None => throw new FormatException($"must name gateway, prefill, decode, expert or all, not '{part}'"),
                SiloRole role => role,
            };
        }

        return roles != SiloRole.None ? roles : throw new FormatException("must name at least one of gateway, prefill, decode, expert");
    }
}
