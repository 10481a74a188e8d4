namespace OrleansServe.Policies.KvBlocks;

/// <summary>
/// The names evicted last, with how often each was used: a prompt that comes back too late is still known to have come back. Holds a fixed number of names, the
/// oldest are forgotten first; allocates nothing after the construction.
/// </summary>
internal sealed class EvictedNames
{
    private readonly UInt128[] _names;
    private readonly byte[] _uses;
    private readonly Dictionary<UInt128, int> _slots;
    private int _next;

    public EvictedNames(int capacity)
    {
        _names = new UInt128[capacity];
        _uses = new byte[capacity];
        _slots = new Dictionary<UInt128, int>(capacity);
    }

    /// <summary>Remembers a name that is not remembered yet.</summary>
    public void Add(UInt128 name, byte uses)
    {
        // The name that had the slot may have been taken since, and evicted again into another one.
        if (_slots.TryGetValue(_names[_next], out int slot) && slot == _next)
        {
            _slots.Remove(_names[_next]);
        }

        _names[_next] = name;
        _uses[_next] = uses;
        _slots[name] = _next;
        _next = (_next + 1) % _names.Length;
    }

    /// <summary>Forgets a name.</summary>
    /// <returns>Whether it was remembered.</returns>
    public bool TryTake(UInt128 name, out byte uses)
    {
        bool found = _slots.Remove(name, out int slot);
        uses = found ? _uses[slot] : (byte)0;
        return found;
    }
}
