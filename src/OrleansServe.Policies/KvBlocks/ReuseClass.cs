namespace OrleansServe.Policies.KvBlocks;

/// <summary>What a cached block's last request tells of the chance that it is used again.</summary>
internal enum ReuseClass
{
    /// <summary>The request went on from what had been seen before by no more than a turn: a conversation, which will probably go on.</summary>
    Continued,

    /// <summary>Nothing special: a prompt that is new, or the known part of one that went another way.</summary>
    Ordinary,

    /// <summary>Much new text behind a known prefix: one of several things done with the same text, rarely done again.</summary>
    Branch,
}
