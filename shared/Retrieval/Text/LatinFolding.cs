using System.Text;

namespace Recommender.Retrieval.Text;

/// <summary>
/// Removes accents from Latin letters: <c>é</c> becomes <c>e</c>. The product runs with the invariant culture, in which
/// <see cref="string.Normalize()"/> decomposes nothing.
/// </summary>
public static class LatinFolding
{
    private const char First = '\u00C0';

    /// <summary>The base letter of each character from U+00C0 to U+024F: the first character of its canonical decomposition (Unicode 15)
    /// if that is ASCII, else the character.</summary>
    private const string Bases =
        "AAAAAAÆCEEEEIIIIÐNOOOOO×ØUUUUYÞßaaaaaaæceeeeiiiiðnooooo÷øuuuuyþy"
        + "AaAaAaCcCcCcCcDdĐđEeEeEeEeEeGgGgGgGgHhĦħIiIiIiIiIıĲĳJjKkĸLlLlLlĿ"
        + "ŀŁłNnNnNnŉŊŋOoOoOoŒœRrRrRrSsSsSsSsTtTtŦŧUuUuUuUuUuUuWwYyYZzZzZzſ"
        + "ƀƁƂƃƄƅƆƇƈƉƊƋƌƍƎƏƐƑƒƓƔƕƖƗƘƙƚƛƜƝƞƟOoƢƣƤƥƦƧƨƩƪƫƬƭƮUuƱƲƳƴƵƶƷƸƹƺƻƼƽƾƿ"
        + "ǀǁǂǃǄǅǆǇǈǉǊǋǌAaIiOoUuUuUuUuUuǝAaAaǢǣǤǥGgKkOoOoǮǯjǱǲǳGgǶǷNnAaǼǽǾǿ"
        + "AaAaEeEeIiIiOoOoRrRrUuUuSsTtȜȝHhȠȡȢȣȤȥAaEeOoOoOoOoYyȴȵȶȷȸȹȺȻȼȽȾȿ"
        + "ɀɁɂɃɄɅɆɇɈɉɊɋɌɍɎɏ";

    /// <summary>Appends text without accents and without combining marks (U+0300 to U+036F). Other characters are kept.</summary>
    public static void Append(ReadOnlySpan<char> text, StringBuilder into)
    {
        foreach (char c in text)
            if (c is < '\u0300' or > '\u036F') into.Append(Fold(c));
    }

    /// <summary>The letter without its accent, or the character itself.</summary>
    public static char Fold(char c) => (uint)(c - First) < (uint)Bases.Length ? Bases[c - First] : c;
}
