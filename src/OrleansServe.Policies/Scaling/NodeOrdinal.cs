using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>The number at the end of a node's name: the 12 of <c>orleansserve-decode-12</c>.</summary>
public static class NodeOrdinal
{
    /// <summary>The number; null if the name does not end with one.</summary>
    public static int? Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int dash = name.LastIndexOf('-');
        return dash > 0 && int.TryParse(name.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal : null;
    }
}
