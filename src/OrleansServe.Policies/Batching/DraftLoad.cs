namespace OrleansServe.Policies.Batching;

/// <summary>The step that drafts would be verified in.</summary>
/// <param name="Streams">Streams that go on in it, a token each.</param>
/// <param name="PromptTokens">Tokens of prompts in it.</param>
/// <param name="TokensLeft">Tokens that it has room for beside these.</param>
public readonly record struct DraftLoad(int Streams, int PromptTokens, int TokensLeft);
