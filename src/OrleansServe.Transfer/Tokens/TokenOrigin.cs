namespace OrleansServe.Transfer.Tokens;

/// <summary>How speculation had part in a token. Added up over a request's tokens it tells how many drafts were verified and how many held.</summary>
/// <param name="Drafted">Drafts that the step verified for the request; counted on the first of its tokens, 0 on the others.</param>
/// <param name="IsDraft">The token was drafted, and its step brought it beside another.</param>
public readonly record struct TokenOrigin(byte Drafted, bool IsDraft)
{
    /// <summary>A token that had been drafted.</summary>
    public static TokenOrigin Draft => new(0, IsDraft: true);

    /// <summary>The token that every step brings.</summary>
    /// <param name="drafted">Drafts that the step verified beside it.</param>
    public static TokenOrigin Step(int drafted) => new(checked((byte)drafted), IsDraft: false);
}
